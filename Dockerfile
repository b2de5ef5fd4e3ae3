# The connector in a container: docs/connector-production.md
FROM node:24-slim AS packages
WORKDIR /ampjar
COPY package.json package-lock.json ./
COPY connector/package.json connector/
RUN npm ci --workspace=connector --omit=dev --ignore-scripts --no-audit --no-fund

FROM node:24-slim
ENV NODE_ENV=production
ENV AMPJAR_LND_CERT=/run/secrets/lnd.cert
ENV AMPJAR_LND_MACAROON=/run/secrets/lnd.macaroon
ENV AMPJAR_HEALTH_PORT=9911
WORKDIR /ampjar
COPY --from=packages /ampjar/node_modules node_modules
COPY package.json ./
COPY shared shared
COPY connector connector
USER node
HEALTHCHECK --interval=30s --timeout=5s --start-period=2m CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.AMPJAR_HEALTH_PORT}/health`).then(({ ok }) => process.exit(ok ? 0 : 1))"]
# Other commands are named in its place, as connector audit; see --help
ENTRYPOINT ["node", "connector/main.ts"]
CMD ["connector", "run"]
