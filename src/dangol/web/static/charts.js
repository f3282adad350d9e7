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

  function series(data) {
    var option = frame(data);
    option.tooltip.trigger = "axis";
    option.tooltip.formatter = function (points) { return points[0].name + "  " + data.said[points[0].dataIndex]; };
    option.xAxis.axisLabel.interval = "auto";
    option.xAxis.axisLabel.hideOverlap = true;
    option.yAxis = {
      type: "value", splitLine: { lineStyle: { color: colour("--line") } },
      axisLabel: { color: colour("--ink-soft"), formatter: function (value) { return new Intl.NumberFormat(document.documentElement.lang, { notation: "compact" }).format(value); } }
    };
    option.series = [{
      type: "bar", data: data.values, barMaxWidth: 36, itemStyle: { color: colour("--harvest"), borderRadius: [4, 4, 0, 0] }
    }];
    return option;
  }

  var KINDS = {
    series: series,
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
    drawn.push({ chart: chart, data: data, element: element });
  }

  document.querySelectorAll("[data-chart]").forEach(draw);

  function save(name, address) {
    var link = document.createElement("a");
    link.download = "dangol-" + name + ".png";
    link.href = address;
    link.click();
  }

  /* A drawing of the page takes its colours from the style sheet: they are written into the copy that leaves. */
  function coloured(svg) {
    var copy = svg.cloneNode(true), from = svg.querySelectorAll("*"), to = copy.querySelectorAll("*");
    from.forEach(function (one, i) {
      var look = getComputedStyle(one);
      ["fill", "fill-opacity", "font-size", "font-family", "text-anchor"].forEach(function (name) {
        to[i].setAttribute(name, look.getPropertyValue(name));
      });
    });
    copy.setAttribute("width", svg.viewBox.baseVal.width * 2);
    copy.setAttribute("height", svg.viewBox.baseVal.height * 2);
    return new XMLSerializer().serializeToString(copy);
  }

  function picture(svg) {
    var image = new Image();
    image.onload = function () {
      var canvas = document.createElement("canvas"), pen = canvas.getContext("2d");
      canvas.width = image.width; canvas.height = image.height;
      pen.fillStyle = colour("--surface");
      pen.fillRect(0, 0, canvas.width, canvas.height);
      pen.drawImage(image, 0, 0);
      save(svg.id, canvas.toDataURL("image/png"));
    };
    image.src = "data:image/svg+xml;charset=utf-8," + encodeURIComponent(coloured(svg));
  }

  document.querySelectorAll("[data-png]").forEach(function (button) {
    button.hidden = false;
    button.addEventListener("click", function () {
      var element = document.getElementById(button.getAttribute("data-png"));
      var one = drawn.find(function (each) { return each.element === element; });
      if (one) { save(element.id, one.chart.getDataURL({ pixelRatio: 2, backgroundColor: colour("--surface") })); }
      else { picture(element); }
    });
  });
  document.querySelectorAll("[data-print]").forEach(function (button) {
    button.hidden = false;
    button.addEventListener("click", function () { window.print(); });
  });
  document.addEventListener("themechange", function () {
    drawn.forEach(function (one) { one.chart.setOption(KINDS[one.data.kind](one.data), true); });
  });
  window.addEventListener("resize", function () { drawn.forEach(function (one) { one.chart.resize(); }); });
})();
