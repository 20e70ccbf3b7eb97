FROM node:24-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY tsconfig.json ./
COPY scripts/setup.mjs ./scripts/setup.mjs
COPY src ./src
COPY console ./console
RUN node scripts/setup.mjs --console \
  && npm prune --omit=dev --no-audit --no-fund \
  && find dist -name '*.map' -delete -o -name '*.d.ts' -delete \
  && rm dist/.tsbuildinfo

FROM node:24-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY package.json ./
COPY bin ./bin
COPY proto ./proto
COPY scripts/health.mjs ./scripts/health.mjs
# By number, so that an orchestrator can see that it is not root. Nothing is written but below /tmp: the file system may be read-only.
USER 1000:1000
EXPOSE 50051 50080
HEALTHCHECK --interval=5s --timeout=5s --start-period=20s CMD ["node", "scripts/health.mjs", "127.0.0.1:50051"]
ENTRYPOINT ["node", "bin/skua.cjs"]
CMD ["serve", "--config", "/etc/skua/skua.toml"]
