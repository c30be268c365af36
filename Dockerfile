# One image for every app; the command chooses which one runs.
ARG NODE_IMAGE=node:24-bookworm-slim

FROM ${NODE_IMAGE} AS build
# Another registry than npm's own, where that cannot be reached.
ARG npm_config_registry=https://registry.npmjs.org/
WORKDIR /shiplog
COPY package.json package-lock.json .npmrc ./
RUN npm ci --no-audit --no-fund --loglevel error
COPY tsconfig.json tsconfig.build.json ./
COPY tools tools
COPY libs libs
COPY apps apps
COPY test/support test/support
# Optional packages are binaries for machines whose own Node is older than this image's.
RUN node tools/build.mjs && npm prune --omit=dev --omit=optional --no-audit --no-fund --loglevel error

FROM ${NODE_IMAGE}
WORKDIR /shiplog
ENV NODE_ENV=production SHIPLOG_HOME=/data
COPY --from=build /shiplog/package.json ./
COPY --from=build /shiplog/node_modules node_modules
COPY --from=build /shiplog/dist dist
# A new volume takes the owner of the folder that it is mounted on.
RUN for folder in keys nats event-store agents feed checkpoints \
      credentials/api credentials/controllers credentials/scheduler credentials/scaler credentials/health credentials/feed; \
    do mkdir -p /data/$folder; done && chown -R 10001:10001 /data && chmod -R go= /data
USER 10001:10001
VOLUME /data
CMD ["node", "--no-warnings", "dist/apps/api/main.js"]
