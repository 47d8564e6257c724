"""The dashboard: server-rendered pages over two ports, `DashboardReads` and `DashboardActs`."""

from pratique.web.dashboard.ports import (
    Badges,
    DashboardActs,
    DashboardReads,
    DatesInput,
    DecisionInput,
    GateRef,
    OpenedSession,
    Viewer,
    WaiverInput,
)
from pratique.web.dashboard.router import create_dashboard_router, mount_dashboard

__all__ = [
    "Badges",
    "DashboardActs",
    "DashboardReads",
    "DatesInput",
    "DecisionInput",
    "GateRef",
    "OpenedSession",
    "Viewer",
    "WaiverInput",
    "create_dashboard_router",
    "mount_dashboard",
]
