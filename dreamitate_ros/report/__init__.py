"""The page that shows one episode: pictures, plots and the outcome in one file that needs nothing else."""

from dreamitate_ros.report.page import write_report

__all__ = ["write_report"]
