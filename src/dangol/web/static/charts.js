/* Charts of the console: each is a figure whose data stands beside it as JSON; colours come from the style sheet. */
(function () {
  "use strict";
  var drawn = [];

  function colour(name) { return getComputedStyle(document.documentElement).getPropertyValue(name).trim(); }

  function frame(data) {
    return {
      textStyle: { fontFamily: getComputedStyle(document.body).fontFamily },
      animationDuration: 500,
      grid: { left: 8, right: 8, top: 28, bottom: 8, containLabel: true },
      tooltip: {
        trigger: "item", renderMode: "richText", backgroundColor: colour("--surface"), borderColor: colour("--line"),
        textStyle: { color: colour("--ink") },
        formatter: function (point) { return point.name + "  " + point.value.toLocaleString() + " " + data.unit; }
      },
      xAxis: {
        type: "category", data: data.labels, axisTick: { show: false },
        axisLine: { lineStyle: { color: colour("--line") } },
        axisLabel: { color: colour("--ink-soft"), fontSize: 13, interval: 0 }
      },
      yAxis: { type: "value", show: false, minInterval: 1 }
    };
  }

  function bars(data, colours) {
    var option = frame(data);
    option.series = [{
      type: "bar", barMaxWidth: 72, barMinHeight: 3,
      label: { show: true, position: "top", color: colour("--ink"), fontWeight: 600, formatter: function (p) { return p.value.toLocaleString(); } },
      data: data.values.map(function (value, i) {
        return { value: value, itemStyle: { color: colours[i], borderRadius: [8, 8, 3, 3] } };
      })
    }];
    return option;
  }

  var KINDS = {
    lifecycle: function (data) {
      return bars(data, ["--stage-visitor", "--stage-new", "--stage-promising", "--stage-loyal", "--stage-at-risk", "--stage-lost"].map(colour));
    },
    marks: function (data) {
      return bars(data, ["--mark-1", "--mark-2", "--mark-3", "--mark-4", "--mark-5"].map(colour));
    }
  };

  function draw(element) {
    var data = JSON.parse(document.getElementById(element.getAttribute("data-chart")).textContent);
    var chart = echarts.init(element, null, { renderer: "canvas" });
    chart.setOption(KINDS[data.kind](data));
    drawn.push({ chart: chart, data: data });
  }

  document.querySelectorAll("[data-chart]").forEach(draw);
  document.addEventListener("themechange", function () {
    drawn.forEach(function (one) { one.chart.setOption(KINDS[one.data.kind](one.data), true); });
  });
  window.addEventListener("resize", function () { drawn.forEach(function (one) { one.chart.resize(); }); });
})();
