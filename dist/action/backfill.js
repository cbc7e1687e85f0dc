require("./index.js").backfill();
