# The server: docs/server.md, "In a container".
# What the first stage makes is the same on each platform, so it runs on that of the machine, and needs no emulation.
FROM --platform=$BUILDPLATFORM node:24-alpine AS build
WORKDIR /app
COPY package.json package-lock.json ./
COPY build/undici build/undici
# Install scripts only download tools for the tests.
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json tsconfig.package.json ./
COPY build/package.mjs build/
COPY src src
RUN node build/package.mjs && npm prune --omit=dev --ignore-scripts --no-audit --no-fund && mkdir data

FROM node:24-alpine
ENV NODE_ENV=production SERVER_HOST=0.0.0.0
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/build/undici build/undici
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist/package dist/package
# The working folder holds the SQLite file. It is the only folder that the user `node` may write to.
COPY --from=build --chown=1000:1000 /app/data /data
WORKDIR /data
VOLUME /data
USER 1000:1000
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s \
  CMD ["node", "--eval", "fetch(`http://127.0.0.1:${process.env.SERVER_PORT || 3000}/healthcheck`).then(({ ok }) => { process.exitCode = ok ? 0 : 1; })"]
# The flags of `npm run serve`. They halve the server's memory: docs/performance.md, "The server".
ENTRYPOINT ["node", "--max-semi-space-size=8", "--heap-growing-percent=40", "/app/dist/package/cli/main.js"]
CMD ["serve"]
