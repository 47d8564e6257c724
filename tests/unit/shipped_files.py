"""What each example file of the shipped gates shows."""

from __future__ import annotations

from pratique.domain.instances import instance_id

RISKS = ("cbrn", "loss_of_control", "cyber_offence", "harmful_manipulation")


def each(*names: str) -> set[str]:
    """Ids of the requirements made of these for the four specified risks."""
    return {instance_id(name, risk) for name in names for risk in RISKS}


#: How many security objectives Appendix 4 has in each of its parts.
_PARTS = {1: 4, 2: 6, 3: 4, 4: 4, 5: 7}
#: Requirements of the 25 security objectives, such as `security-a4-2-3`.
OBJECTIVES = {f"security-a4-{part}-{place}" for part, count in _PARTS.items() for place in range(1, count + 1)}

#: Evidence file -> requirements that it meets, by gate. The demo and the documentation rest on this table.
MEETS = {
    "scope-and-role": {
        "responsibilities.json": {"responsibilities", "resources"},
        "copyright-policy.json": {"copyright-policy"},
    },
    "notification-and-framework": {
        "systemic-risk-notification.json": {"notification"},
        "framework.json": {"framework", "framework-tiers", "framework-confirmed"} | each("framework-covers-risk"),
        "responsibilities.json": {"resources"},
        "security-goal.json": {"security-goal"},
    },
    "training-start": {
        "data-acquisition.json": {
            "lawful-access",
            "exclusion-list",
            "rights-reservation",
            "crawler-information",
            "data-integrity",
        },
        "risk-candidates.json": {"risk-candidates"} | each("risk-information"),
        "security-goal.json": {"security-goal", "first-protections"},
    },
    "training-trigger": {
        "cbrn_mc_epochs3.eval": {"cbrn-evaluation"},
        "cyber_agent_tools.eval": {"cyber-evaluation"},
        "mitigation-record.json": {"mitigations-hold", "escalation-decided"},
        "security-goal.json": {"security-goal"},
    },
    "pre-placement": {
        "cbrn_mc_epochs3.eval": {"cbrn-evaluation"},
        "cyber_agent_tools.eval": {"cyber-evaluation"},
        "framework.json": {"framework", "framework-notified"},
        "risk-register.json": {"risk-identification", "risk-evaluations", "evaluation-teams", "evaluation-time"}
        | each("risk-information", "risk-model", "risk-evaluation"),
        "external-evaluation.json": each("external-evaluation", "external-search"),
        "acceptance-determination.json": {"acceptance", "go-decision"},
        "mitigation-record.json": {"mitigations-hold"} | each("risk-mitigation"),
        "security-goal.json": {"security-controls"} | OBJECTIVES,
        "model-report.json": {"model-report", "model-report-reasons", "model-report-risks"},
        "model-documentation.json": {"model-documentation", "infringing-output"},
    },
    "placement": {
        "systemic-risk-notification.json": {"notification"},
        "placement-readiness.json": {
            "authorised-representative",
            "contact-route",
            "documentation-integrity",
            "training-content-summary",
            "training-summary-updates",
            "copyright-contact",
            "model-report-access",
            "public-summary",
            "post-market-plan",
            "incident-channel",
            "submission-channel",
        },
    },
    "post-market": {
        "post-market-review.json": {
            "methods-considered",
            "external-access",
            "information-refreshed",
            "failure-conditions",
            "stay-or-leave",
            "model-report-holds",
        }
        | each("risk-still-acceptable", "risk-mitigations-work"),
        "security-goal.json": {"security-upheld"},
        "framework-assessment.json": {"framework-assessment"},
        "responsibilities.json": {"resources"},
        "risk-culture.json": {"risk-culture"},
        "model-documentation.json": {"documentation-current"},
    },
    "serious-incident": {
        "incident-file.json": {
            "incident-file",
            "reports-received",
            "how-noticed",
            "root-cause",
            "risks-reconsidered",
            "framework-reconsidered",
            "report-reconsidered",
            "corrective-measures",
            "breach-contained",
            "stay-or-leave",
            "retention",
        },
    },
    "model-change": {
        "change-record.json": {
            "change-described",
            "full-process",
            "report-decided",
            "downstream-told",
            "training-summary",
            "public-summary",
            "crawling-after-change",
        }
        | each("risk-after-change", "risk-evaluation-after-change"),
        "mitigation-record.change.json": {"mitigations-hold"} | each("risk-mitigation-after-change"),
        "model-documentation.change.json": {"infringing-output", "model-documentation", "technical-dossier"},
        "model-report.change.json": {"model-report-updated"},
    },
    "requests": {
        "request-record.json": {
            "request-recorded",
            "basis-checked",
            "answered-in-time",
            "current-information",
            "complaint-decided",
        },
    },
    "retirement": {
        "retirement-record.json": {
            "monitoring-until-withdrawal",
            "nothing-open",
            "downstream-told",
            "parameters",
            "model-documentation-kept",
            "safety-documentation-kept",
            "incident-records-kept",
            "representative-copy-kept",
        },
        "security-goal.json": {"security-goes-on"},
    },
}
