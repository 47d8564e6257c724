"""Entry points of the processes that run Prefect: the embedded worker and the embedded server."""
