require("./index.js").post();
