# One image for workers and for the command line: `docker run windlass --help`.
FROM node:24.21.0-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY activities activities
COPY workflows workflows
COPY src src
RUN npx tsc -p tsconfig.build.json \
  && node dist/src/worker/build-workflow-bundle.js \
  && npm prune --omit=dev

FROM node:24.21.0-bookworm-slim
ENV NODE_ENV=production
WORKDIR /app
# Temporal's core verifies TLS by the system's certificates.
RUN apt-get update \
  && apt-get install --yes --no-install-recommends ca-certificates \
  && rm -rf /var/lib/apt/lists/* \
  && mkdir -p /var/lib/windlass/keyring \
  && chown -R node:node /var/lib/windlass \
  && ln -s /app/bin/windlass /usr/local/bin/windlass
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY package.json ./
COPY bin bin
USER node
VOLUME /var/lib/windlass/keyring
ENTRYPOINT ["node", "/app/dist/src/cli/main.js"]
CMD ["worker"]
