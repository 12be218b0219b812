// Run Waline's own handler on loopback alone; Waline itself would listen on all interfaces.
// It asks a service for ways to sign in before each response, and answers nothing without: here there are none.
// Usage, in the folder that it is installed in: node server.js PORT
const http = require("node:http");
const { createRequire } = require("node:module");

const port = Number(process.argv[2]);
process.env.OAUTH_URL = `http://127.0.0.1:${port}/sign-in`;
const waline = createRequire(`${process.cwd()}/`)("@waline/vercel")();
http
  .createServer((request, response) =>
    request.url === "/sign-in" ? response.end('{"services": []}') : waline(request, response),
  )
  .listen(port, "127.0.0.1");
