"""What came in, who came back and who moved where, over a stretch of the calendar that the page chooses."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from dangol.base.clock import to_us
from dangol.base.models import Shop
from dangol.campaign import steps as campaign
from dangol.harvest import cohorts, gathering, history, moves, sales
from dangol.harvest.cohorts import Cohort
from dangol.harvest.margins import Costing
from dangol.harvest.moves import Flow, Move
from dangol.harvest.periods import Period, month_before, next_month, period
from dangol.harvest.sales import Part, Sales
from dangol.harvest.touches import HALF_LIFE, WINDOW, Credit
from dangol.segment.models import Segment
from dangol.web import amounts
from dangol.web.builder.vocabulary import CELLS
from dangol.web.page import Asked, show
from dangol.web.tables import as_csv
from dangol.web.wording import campaign_name, segment_name

WIDTH, BAR = 640.0, 12.0  # of the picture of moves, and of its blocks
LABEL = 150.0  # room for names on either side


@dataclass(frozen=True, slots=True)
class Choice:
    """A stretch that one click chooses."""

    name: str
    first: date
    last: date
    chosen: bool

    @property
    def query(self) -> str:
        return urlencode({"from": self.first, "to": self.last})


@dataclass(frozen=True, slots=True)
class SalesPage:
    """What came in."""

    sales: Sales
    choices: list[Choice]
    chart: dict[str, object]
    credits: list[tuple[str, str, Credit]]  # key, name
    segments: list[tuple[str, Part]]  # name
    window: timedelta
    half_life: timedelta
    here: str = "sales"

    @property
    def query(self) -> str:
        return query(self.sales.period)


@dataclass(frozen=True, slots=True)
class Square:
    """One month of a cohort."""

    later: int
    customers: int
    share: float  # of those who began, in per cent
    depth: int  # of its colour, from 0 to 10


@dataclass(frozen=True, slots=True)
class CohortsPage:
    """Who came back."""

    rows: list[tuple[Cohort, list[Square]]]
    months: list[int]
    here: str = "cohorts"


@dataclass(frozen=True, slots=True)
class Drawn:
    """One ribbon or block with the words and the way to the people behind it."""

    path: str
    y: float
    height: float
    name: str
    after: str
    tone: str
    customers: int
    query: str


@dataclass(frozen=True, slots=True)
class MovesPage:
    """Who moved where."""

    period: Period
    choices: list[Choice]
    flow: Flow | None
    left: list[Drawn]
    right: list[Drawn]
    ribbons: list[Drawn]
    rows: list[Drawn]
    stayed: int
    moved: int
    here: str = "moves"

    @property
    def query(self) -> str:
        return query(self.period)


def query(about: Period, **more: object) -> str:
    """A period as the query of an address."""
    return urlencode({"from": about.first, "to": about.last, **more})


def sales_page(request: Asked) -> HttpResponse:
    """What came in: by time, channel, product and segment, and the orders that clicks came before."""
    about, known = _period(request, 30), gathering.costing()
    told = sales.sales(about, request.now, known)
    called = {one.key: campaign_name(one) for one in campaign.everyone()}
    credits = [(row.campaign, called.get(row.campaign, row.campaign), row) for row in sales.credited(about)]
    named = {row.key: segment_name(row) for row in Segment.shown.filter(state="active")}
    segments = [(named[row.key], row) for row in sales.by_segment(about, request.now) if row.key in named]
    page = SalesPage(told, _choices(request, about), _series(told), credits, segments, WINDOW, HALF_LIFE)
    table = request.GET.get("table", "")
    return _sales_csv(page, table) if table else show(request, "harvest_sales.html", page)


def _sales_csv(page: SalesPage, table: str) -> HttpResponse:
    about = page.sales.period
    rows: Iterable[tuple[object, ...]]
    breakdown = [_("orders"), _("customers"), _("net revenue")]
    if table == "channels":
        columns, rows = [_("channel"), *breakdown], [(p.key, p.orders, p.buyers, p.net) for p in page.sales.channels]
    elif table == "products":
        columns = [_("product"), _("name"), _("pieces"), *breakdown]
        rows = [(p.key, p.name, p.pieces, p.orders, p.buyers, p.net) for p in page.sales.products]
    elif table == "segments":
        columns, rows = [_("segment"), *breakdown], [(n, p.orders, p.buyers, p.net) for n, p in page.segments]
    elif table == "credits":
        columns = [_("campaign"), *(_("orders, last click"), _("money, last click"))]
        columns += [_("orders, time decay"), _("money, time decay")]
        rows = [(n, c.orders_last, c.money_last, c.orders_decayed, c.money_decayed) for _k, n, c in page.credits]
    else:
        columns, rows = [_("first day"), _("orders"), _("net revenue")], list(page.sales.parts)
    return as_csv(f"dangol-{table}-{about.first}-{about.last}", columns, rows)


def _series(told: Sales) -> dict[str, object]:
    language, money = get_language() or "en", Shop.objects.get().currency
    return {
        "kind": "series",
        "labels": [day.isoformat() for day, _orders, _net in told.parts],
        "values": [round(net, 2) for _day, _orders, net in told.parts],
        "said": [
            f"{amounts.money(round(net, 2), money, language)} · {orders} {_('orders')}"
            for _d, orders, net in told.parts
        ],
        "unit": money,
    }


def cohorts_page(request: Asked) -> HttpResponse:
    """Customers by the month of their first order, and how many came back in each month after."""
    zone = Shop.objects.get().zone
    orders = history.read(None, request.now, Costing({})).standing()
    found = cohorts.cohorts(orders, request.now.astimezone(zone).date(), zone)
    if "table" in request.GET:
        columns = [_("first order in"), _("customers"), *(f"+{n}" for n in range(cohorts.MOST_MONTHS))]
        return as_csv("dangol-cohorts", columns, [(one.month, one.customers, *one.back) for one in found])
    most = max((share for one in found for share in one.shares[1:]), default=0.0)
    rows = [(one, [_square(one, later, most) for later in range(len(one.back))]) for one in found]
    return show(request, "harvest_cohorts.html", CohortsPage(rows, list(range(max(map(_length, found), default=0)))))


def _length(one: Cohort) -> int:
    return len(one.back)


def _square(one: Cohort, later: int, most: float) -> Square:
    share = one.shares[later]
    return Square(later, one.back[later], share, round(10 * share / most) if later and most else 0)


def moves_page(request: Asked) -> HttpResponse:
    """Who moved where on the RFM grid between two days."""
    shop = Shop.objects.get()
    about, orders = _period(request, 30), history.read(None, request.now, Costing({}))
    found = moves.moves(orders, to_us(about.since), min(to_us(about.until), to_us(request.now)))
    if "table" in request.GET:
        rows = [(cell_name(m.before), cell_name(m.after), m.customers) for m in found]
        return as_csv(f"dangol-moves-{about.first}-{about.last}", [_("were in"), _("are in"), _("customers")], rows)
    drawn, stayed = moves.flow(found), sum(m.customers for m in found if m.before == m.after)
    page = MovesPage(
        period=about, choices=_months(request, about, shop.zone), flow=drawn,
        left=[_block(one, about, "before") for one in drawn.left] if drawn else [],
        right=[_block(one, about, "after") for one in drawn.right] if drawn else [],
        ribbons=[_ribbon(one, about) for one in drawn.ribbons] if drawn else [],
        rows=[_row(one, about) for one in found if one.before != one.after],
        stayed=stayed, moved=sum(m.customers for m in found) - stayed,
    )  # fmt: skip
    return show(request, "harvest_moves.html", page)


def cell_name(name: str) -> str:
    """A cell of the RFM grid in the page's language."""
    return str(CELLS[name]) if name in CELLS else str(_("no order yet"))


def _block(one: moves.Block, about: Period, side: str) -> Drawn:
    who = query(about, what="move", **{side: one.name})
    return Drawn("", one.y, one.height, cell_name(one.name), "", one.name, one.customers, who)


def _ribbon(one: moves.Ribbon, about: Period) -> Drawn:
    """A band from the right edge of a block on the left to the left edge of one on the right."""
    start, end = LABEL + BAR, WIDTH - LABEL - BAR
    middle, half = (start + end) / 2, one.width / 2
    top = f"M{start:.1f} {one.left - half:.1f}C{middle:.1f} {one.left - half:.1f} {middle:.1f} {one.right - half:.1f}"
    low = f"L{end:.1f} {one.right + half:.1f}C{middle:.1f} {one.right + half:.1f} {middle:.1f} {one.left + half:.1f}"
    path = f"{top} {end:.1f} {one.right - half:.1f}{low} {start:.1f} {one.left + half:.1f}Z"
    row = _row(one.move, about)
    return Drawn(path, 0, 0, row.name, row.after, one.move.before, row.customers, row.query)


def _row(move: Move, about: Period) -> Drawn:
    who = query(about, what="move", before=move.before, after=move.after)
    return Drawn("", 0, 0, cell_name(move.before), cell_name(move.after), move.before, move.customers, who)


# --- the stretch of the calendar --------------------------------------------------------------------------------------


def _period(request: Asked, days: int) -> Period:
    zone = Shop.objects.get().zone
    return period(request.GET.get("from", ""), request.GET.get("to", ""), _today(request.now, zone), zone, days)


def _today(now: datetime, zone: ZoneInfo) -> date:
    return now.astimezone(zone).date()


def _choices(request: Asked, about: Period) -> list[Choice]:
    today = _today(request.now, about.zone)
    spans = [(_("%(n)s days") % {"n": n}, today - timedelta(days=n - 1), today) for n in (7, 30, 90, 365)]
    return [_choice(name, first, last, about) for name, first, last in spans] + _months(request, about, about.zone)[:2]


def _months(request: Asked, about: Period, zone: ZoneInfo) -> list[Choice]:
    today = _today(request.now, zone)
    this = today.replace(day=1)
    last = month_before(this)
    spans = [
        (_("this month"), this, today),
        (_("last month"), last, next_month(last) - timedelta(days=1)),
        (_("%(n)s days") % {"n": 90}, today - timedelta(days=89), today),
    ]
    return [_choice(name, first, end, about) for name, first, end in spans]


def _choice(name: str, first: date, last: date, about: Period) -> Choice:
    return Choice(str(name), first, last, (first, last) == (about.first, about.last))


def who_link(about: Period, **asked: object) -> str:
    """The way to the customers behind a number."""
    return f"{reverse('harvest-who')}?{query(about, **asked)}"
