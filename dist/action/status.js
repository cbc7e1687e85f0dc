require("./index.js").status();
