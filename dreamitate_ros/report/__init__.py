"""The page that shows one episode: pictures, plots and the outcome in one file that needs nothing else."""

from dreamitate_ros.report.page import write_report
from dreamitate_ros.report.summary import write_summary

__all__ = ["write_report", "write_summary"]
