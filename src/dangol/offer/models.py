"""The catalogue as it stands, its prices over time, and what many customers' orders say about products."""

from __future__ import annotations

from django.db import models

from dangol.base.fields import AmountField, InstantField


class Product(models.Model):
    """One product as it was told last: by a shop's catalogue, or, where there is none, by customers' own facts."""

    key = models.CharField(max_length=300, unique=True)  # product_id
    name = models.CharField(max_length=300, default="")
    brand = models.CharField(max_length=300, default="")
    category = models.CharField(max_length=300, default="")
    sku = models.CharField(max_length=300, default="")
    url = models.TextField(default="")
    image_url = models.TextField(default="")
    price = AmountField(null=True)  # the lowest of its variants
    currency = models.CharField(max_length=3, default="")
    cost = AmountField(null=True)
    stock = models.BigIntegerField(null=True)  # of all variants; empty: nobody has said
    offered = models.BooleanField(default=True)  # drafts and archived ones are not
    catalogued = models.BooleanField(default=True)  # a catalogue told it; otherwise customers' facts did
    told_at = InstantField()  # as of when
    first_at = InstantField()

    class Meta:
        indexes = [models.Index(fields=["name"], name="offer_product_name")]


class Price(models.Model):
    """A price from an instant on."""

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="prices")
    at = InstantField()
    price = AmountField()
    currency = models.CharField(max_length=3, default="")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["product", "at"], name="offer_price_once")]


class Notice(models.Model):
    """Something happened to a product that some customers would like to hear of."""

    product = models.ForeignKey(Product, on_delete=models.CASCADE)
    kind = models.CharField(max_length=8)  # price, stock
    at = InstantField()
    before = AmountField(null=True)  # the price before it fell
    price = AmountField(null=True)
    told_at = InstantField(null=True)  # empty: nobody has been told yet
    told = models.IntegerField(default=0)  # customers

    class Meta:
        constraints = [models.UniqueConstraint(fields=["product", "kind", "at"], name="offer_notice_once")]
        indexes = [models.Index(fields=["told_at"], name="offer_notice_waiting")]


class Liking(models.Model):
    """What the orders and visits of all customers say about one product; made anew by every study."""

    product = models.OneToOneField(Product, primary_key=True, on_delete=models.CASCADE)
    buyers = models.IntegerField()  # customers who bought it in rules.POPULAR_DAYS
    viewers = models.IntegerField()  # … who looked at it
    bought_with = models.JSONField()  # [product, cosine], the likeliest first
    viewed_with = models.JSONField()

    class Meta:
        indexes = [models.Index(fields=["-buyers", "-viewers"], name="offer_liking_popular")]


class Study(models.Model):
    """When orders and visits were looked through, and how many there were."""

    at = InstantField()
    customers = models.IntegerField()  # who bought or looked at something
    orders = models.IntegerField()
    products = models.IntegerField()
    seconds = models.FloatField()


# --- what is given --------------------------------------------------------------------------------------------------


class Offer(models.Model):
    """What is given, on what terms (terms.py), and by which codes. Whoever writes its coupons holds its row."""

    key = models.CharField(max_length=64, unique=True)
    name = models.CharField(max_length=200)
    terms = models.JSONField()  # as they were written
    code = models.CharField(max_length=64, default="")  # the one that everybody uses; empty: each has their own
    folded = models.CharField(max_length=64, null=True, unique=True)  # the same as codes.fold has it
    created_at = InstantField()
    archived_at = InstantField(null=True)  # gives nothing any more; what was given holds
    filed = models.JSONField(null=True)  # what its file last said


class Batch(models.Model):
    """Codes that came together: made here, or brought from the shop's platform."""

    offer = models.ForeignKey(Offer, on_delete=models.CASCADE, related_name="batches")
    made_here = models.BooleanField()
    prefix = models.CharField(max_length=16, default="")
    wanted = models.IntegerField()
    there = models.IntegerField(default=0)  # so many of them are there by now
    by = models.CharField(max_length=254, default="")
    at = InstantField()

    class Meta:
        indexes = [models.Index(fields=["offer", "at"], name="offer_batch_of")]


class Coupon(models.Model):
    """A code that one customer may use once, or that nobody has yet; of a code for everybody that a customer got it."""

    offer = models.ForeignKey(Offer, on_delete=models.PROTECT, related_name="coupons")
    batch = models.ForeignKey(Batch, null=True, on_delete=models.PROTECT, related_name="coupons")
    code = models.CharField(max_length=64)  # as customers read it
    folded = models.CharField(max_length=64)
    shared = models.BooleanField(default=False)  # the code is everybody's
    state = models.CharField(max_length=8, default="free")  # free, issued, redeemed, expired, void
    customer_id = models.BigIntegerField(null=True)  # whose it is now
    home = models.BigIntegerField(null=True)  # for whom it was issued: an undone merge gives it back
    key = models.CharField(max_length=300, null=True, unique=True)  # what it was issued for: the same gets the same
    campaign = models.CharField(max_length=64, default="")
    step = models.CharField(max_length=64, default="")
    by = models.CharField(max_length=254, default="")  # of the staff
    issued_at = InstantField(null=True)
    expires_at = InstantField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["folded"], condition=models.Q(shared=False), name="offer_coupon_code_once")
        ]
        indexes = [
            models.Index(fields=["offer", "state"], name="offer_coupon_state"),
            models.Index(fields=["customer_id", "offer"], name="offer_coupon_customer"),
            models.Index(
                fields=["expires_at"], condition=models.Q(state="issued", expires_at__isnull=False),
                name="offer_coupon_expires",
            ),
        ]  # fmt: skip


class Redemption(models.Model):
    """A code that was used for one order, and what that cost."""

    offer = models.ForeignKey(Offer, on_delete=models.PROTECT, related_name="redemptions")
    coupon = models.ForeignKey(Coupon, null=True, on_delete=models.PROTECT, related_name="redemptions")
    state = models.CharField(max_length=8)  # held, redeemed, released, undone: the order was cancelled or paid back
    customer_id = models.BigIntegerField(null=True)  # whose it is now; empty: nobody said
    home = models.BigIntegerField(null=True)
    source = models.CharField(max_length=64, default="")  # of the order; empty until a fact told it
    order_id = models.CharField(max_length=200, default="")
    campaign = models.CharField(max_length=64, default="")  # that issued the coupon
    at = InstantField()
    held_until = InstantField(null=True)
    cost = AmountField(default=0)  # the discount that was really given, or what the terms come to
    currency = models.CharField(max_length=3, default="")
    told = models.BooleanField(default=False)  # the order told the discount; otherwise it was worked out
    taken_off = models.BooleanField(default=False)  # the order's revenue is without the discount already
    against = models.CharField(max_length=16, default="")  # the refusal in spite of which the shop took the code

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["coupon"],
                condition=models.Q(state__in=["held", "redeemed"], against="", coupon__isnull=False),
                name="offer_redemption_once",
            )
        ]
        indexes = [
            models.Index(fields=["offer", "state"], name="offer_redemption_state"),
            models.Index(fields=["order_id"], name="offer_redemption_order"),
            models.Index(fields=["customer_id", "at"], name="offer_redemption_customer"),
            models.Index(fields=["campaign", "at"], name="offer_redemption_campaign"),
        ]


class Guesses(models.Model):
    """Codes that somebody tried and that are none, in the present stretch of time."""

    who = models.CharField(max_length=64, primary_key=True)  # digest of a customer, an address or an API key
    since = InstantField()
    count = models.IntegerField(default=0)


# --- loyalty --------------------------------------------------------------------------------------------------------


class Scheme(models.Model):
    """How points are earned and spent, and the tiers; one row. Whoever writes points holds it."""

    rules = models.JSONField()  # as they were written: points.py
    begun_at = InstantField()  # what happened before earns nothing


class PointEntry(models.Model):
    """One movement of points; rows are only added, and move with their customer."""

    customer_id = models.BigIntegerField()  # whose it is now
    home = models.BigIntegerField()  # for whom it was written: an undone merge gives it back
    at = InstantField()
    points = models.BigIntegerField()  # negative: taken
    kind = models.CharField(max_length=10)  # earned, taken_back, spent, expired, adjusted, levelled
    key = models.CharField(max_length=300, unique=True)  # the cause: each counts once
    expires_at = InstantField(null=True)  # of points that were earned
    source = models.CharField(max_length=64, default="")  # of the order
    order_id = models.CharField(max_length=200, default="")
    reason = models.CharField(max_length=300, default="")
    by = models.CharField(max_length=254, default="")
    coupon = models.ForeignKey(Coupon, null=True, on_delete=models.SET_NULL, related_name="+")  # that they became

    class Meta:
        indexes = [
            models.Index(fields=["customer_id", "at"], name="offer_points_customer"),
            models.Index(fields=["source", "order_id"], name="offer_points_order"),
        ]


class PointStanding(models.Model):
    """What a customer's movements come to, and when time alone will change that."""

    customer_id = models.BigIntegerField(primary_key=True)
    points = models.BigIntegerField(default=0)
    tier = models.CharField(max_length=64, default="")
    since = InstantField()  # of the tier
    next_at = InstantField(null=True, db_index=True)
