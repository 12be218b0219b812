"""The commands of `btl`, by the task that they are for: where each stands, and what its line in `btl --help` says.

The lines stand here, so that the list is shown without loading a command. The crawler's commands are named as text: the
archive never imports the crawler.
"""

TASKS: dict[str, dict[str, tuple[str, str]]] = {
    "Bring in": {
        "crawl": ("crawler.cli.crawl:crawl", "Collect articles with their comments from live sites"),
        "import": ("archive.cli.import_:import_", "Import files: exports, tables, texts, other archives"),
        "replay": ("crawler.cli.replay:replay", "Read WARC and WACZ files and saved pages"),
        "names": ("crawler.cli.names:names", "Fetch names that a comment service gives one at a time"),
    },
    "Look": {
        "demo": ("archive.cli.demo:demo", "Build and serve the demo, an archive of an invented town"),
        "serve": ("archive.cli.serve:serve", "Serve the archive as a website"),
        "stats": ("archive.cli.stats:stats", "Show what the archive holds"),
        "copies": ("archive.cli.copies:copies", "Find texts that were posted more than once, the same or nearly"),
        "watch": ("archive.cli.watch:watch", "Follow searches: what is new, by mail or webhook"),
        "export": ("archive.cli.export:export", "Write comments as CSV, JSON Lines, Parquet, SQL or ConvoKit"),
    },
    "Flag and review": {
        "flag": ("archive.cli.flag:flag", "Flag all comments again after the rules have changed"),
        "review": ("archive.cli.review:review", "Have people judge flags, in a spreadsheet or on the site"),
    },
    "Take down": {
        "withhold": ("archive.cli.takedown:withhold", "Hide a comment, commenter, thread or article"),
        "restore": ("archive.cli.takedown:restore", "Show again what was withheld"),
        "erase": ("archive.cli.takedown:erase", "Destroy a text for good, in the archive and its WARC files"),
    },
    "Publish": {
        "publish": ("archive.cli.publish:publish", "Make a public copy with dumps, a codebook and a manifest"),
    },
    "Maintain": {
        "index": ("archive.cli.index:index", "Build the search index, or bring it up to date"),
        "outlets": ("crawler.cli.outlets:outlets", "List, pause, stop and resume the outlets that are crawled"),
        "schedule": ("crawler.cli.schedule:schedule", "Print a systemd timer and cron lines for regular crawls"),
        "verify": ("crawler.cli.verify:verify", "Check every comment against the bytes it was read from"),
        "copy": ("archive.cli.copy:copy", "Copy an archive to or from a PostgreSQL database"),
        "backup": ("archive.cli.publish:backup", "Copy the whole archive, even while a crawl is writing"),
        "probe": ("crawler.cli.probe:probe", "Check that a site's comment service still works as expected"),
        "record": ("crawler.cli.record:record", "Save a live article as a test case for a platform"),
    },
}
COMMANDS = {name: place for listed in TASKS.values() for name, (place, _) in listed.items()}
