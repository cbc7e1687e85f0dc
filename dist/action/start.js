require("./index.js").start();
