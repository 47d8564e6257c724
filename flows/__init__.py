"""The stages of a model version as Prefect flows, one flow a file."""
