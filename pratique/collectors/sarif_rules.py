"""The rules of a SARIF run: what level and severity a result has that states none itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pratique.collectors.figures import figure
from pratique.collectors.foreign import at, count_at, list_at, mapping_at, text_at

#: Severities of SARIF, the worst first.
LEVELS = ("error", "warning", "note", "none")


class Rules:
    """The rules of one run's driver and extensions."""

    def __init__(self, run: Mapping[str, Any]) -> None:
        tool = mapping_at(run, "tool")
        self._driver = list_at(tool, "driver", "rules")
        self._extensions = [list_at(extension, "rules") for extension in list_at(tool, "extensions")]
        self._by_id = {text_at(rule, "id"): rule for rules in (*self._extensions, self._driver) for rule in rules}
        self._overrides: dict[str, str] = {}
        for call in list_at(run, "invocations"):
            for override in list_at(call, "ruleConfigurationOverrides"):
                self._override(override)

    @property
    def count(self) -> int:
        """How many rules the tool went by; 0 where the log does not say."""
        return len(self._driver) + sum(len(rules) for rules in self._extensions)

    def name_of(self, component: int | None, index: int | None, rule: str) -> str:
        """Return the id of a result's rule, as far as the log names one."""
        return rule or text_at(self._rule(component, index, rule), "id") or "unnamed rule"

    def level_of(self, component: int | None, index: int | None, rule: str) -> str:
        """Return the level of a result that states none: override, else the rule's default, else `warning`.

        Source: SARIF 2.1.0, 3.27.10.
        """
        found = self._rule(component, index, rule)
        level = self._overrides.get(text_at(found, "id") or rule)
        level = level or text_at(found, "defaultConfiguration", "level")
        return level if level in LEVELS else "warning"

    def severity_of(self, component: int | None, index: int | None, rule: str) -> float | None:
        """Return the rule's `security-severity` (0 to 10, the convention of code scanning), where it has one."""
        return figure(at(self._rule(component, index, rule), "properties", "security-severity"))

    def _rule(self, component: int | None, index: int | None, rule: str) -> Any:
        rules = self._driver
        if component is not None:
            rules = self._extensions[component] if component < len(self._extensions) else []
        found = rules[index] if index is not None and index < len(rules) else None
        if found is not None and (not rule or _is_under(rule, text_at(found, "id") or rule)):
            return found
        return self._by_id.get(rule) or self._by_id.get(rule.rpartition("/")[0])  # `CA1000/1` is of rule `CA1000`

    def _override(self, override: Any) -> None:
        level = text_at(override, "configuration", "level")
        descriptor = mapping_at(override, "descriptor")
        component = count_at(descriptor, "toolComponent", "index")
        name = self.name_of(component, count_at(descriptor, "index"), text_at(descriptor, "id") or "")
        if level in LEVELS and level is not None:
            self._overrides[name] = level


def _is_under(rule: str, parent: str) -> bool:
    return rule == parent or rule.startswith(f"{parent}/")
