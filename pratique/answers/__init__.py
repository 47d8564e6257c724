"""What is told outside: subscriptions from their files, and sending one message. See docs/webhooks.md."""

from pratique.answers.github import answer_github
from pratique.answers.gitlab import answer_gitlab
from pratique.answers.loading import load_subscriptions
from pratique.answers.mlflow import answer_mlflow
from pratique.answers.outcome import AnswerOutcome
from pratique.answers.secrets import Secrets
from pratique.answers.subscriptions import Subscriptions
from pratique.answers.webhook import send_webhook

__all__ = [
    "AnswerOutcome",
    "Secrets",
    "Subscriptions",
    "answer_github",
    "answer_gitlab",
    "answer_mlflow",
    "load_subscriptions",
    "send_webhook",
]
