"""What staff have to do for one customer, and what was said with each."""

from __future__ import annotations

from django.db import models

from dangol.base.fields import InstantField


class Task(models.Model):
    """One thing for a person to do for one customer."""

    key = models.CharField(max_length=200, unique=True)  # what caused it: the same cause makes one task
    customer_id = models.BigIntegerField(db_index=True)  # whose it is now
    home = models.BigIntegerField()  # for whom it was opened: an undone merge gives it back
    kind = models.CharField(max_length=32)  # dissatisfied; call, letter, visit: a campaign asked
    reason = models.JSONField(default=dict)  # the fact behind it, e.g. survey, score, answer
    state = models.CharField(max_length=8, default="open")  # open, done
    taken_by = models.CharField(max_length=254, default="")  # whoever said that they look after it
    taken_at = InstantField(null=True)
    outcome = models.CharField(max_length=16, default="")  # reached, not_reached, refused, done
    opened_at = InstantField()
    done_at = InstantField(null=True)
    note = models.TextField(default="")


class Conversation(models.Model):
    """The thread with one customer, on whatever channels; one for each, opened anew when they write again."""

    customer_id = models.BigIntegerField(db_index=True)  # whose it is now
    home = models.BigIntegerField(unique=True)  # for whom it began: an undone merge gives it back
    state = models.CharField(max_length=8, default="open")  # open, closed
    waiting = models.BooleanField(default=True)  # the customer had the last word
    channel = models.CharField(max_length=16)  # by which staff answer: the one that the customer used last
    subject = models.CharField(max_length=300, default="")  # of the customer's last message
    taken_by = models.CharField(max_length=254, default="")  # whoever said that they look after it
    opened_at = InstantField()
    last_at = InstantField()  # when somebody said something last
    closed_at = InstantField(null=True)

    class Meta:
        indexes = [models.Index(fields=["state", "last_at"], name="converse_conversation_state")]


class Utterance(models.Model):
    """One thing that was said in a conversation."""

    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="utterances")
    customer_id = models.BigIntegerField(db_index=True)  # whose it is now
    home = models.BigIntegerField()
    key = models.CharField(max_length=200, unique=True)  # of the fact that told it, or of the answer: each once
    by = models.CharField(max_length=8)  # customer, staff
    who = models.CharField(max_length=254, default="")  # of the staff; of a customer the address, where it is known
    channel = models.CharField(max_length=16)
    subject = models.CharField(max_length=300, default="")
    text = models.TextField()
    files = models.JSONField(default=list)  # names of what was attached
    at = InstantField()
