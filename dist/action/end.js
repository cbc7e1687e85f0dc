require("./index.js").end();
