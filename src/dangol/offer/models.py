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
