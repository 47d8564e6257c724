"""What is told outside: subscriptions from their files, and sending one message. See docs/webhooks.md."""

from pratique.answers.loading import load_subscriptions
from pratique.answers.outcome import AnswerOutcome
from pratique.answers.secrets import Secrets
from pratique.answers.subscriptions import Subscriptions
from pratique.answers.webhook import send_webhook

__all__ = ["AnswerOutcome", "Secrets", "Subscriptions", "load_subscriptions", "send_webhook"]
