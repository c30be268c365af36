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
RUN node tools/build.mjs && npm prune --omit=dev --no-audit --no-fund --loglevel error

FROM ${NODE_IMAGE}
WORKDIR /shiplog
ENV NODE_ENV=production SHIPLOG_HOME=/data
COPY --from=build /shiplog/package.json ./
COPY --from=build /shiplog/node_modules node_modules
COPY --from=build /shiplog/dist dist
VOLUME /data
CMD ["node", "--no-warnings", "dist/apps/api/main.js"]
