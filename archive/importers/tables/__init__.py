"""Tables of comments: any spreadsheet, database or list of records whose columns can be told."""
