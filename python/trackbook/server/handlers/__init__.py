"""One thin file per noun: parse, call one service, write. Errors become answers in `server.base`."""
