FROM node:24-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY tsconfig.json ./
COPY src ./src
RUN npx tsc -p tsconfig.json && npm prune --omit=dev --no-audit --no-fund

FROM node:24-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY package.json ./
COPY bin ./bin
COPY proto ./proto
COPY scripts/health.mjs ./scripts/health.mjs
USER node
EXPOSE 50051
HEALTHCHECK --interval=5s --timeout=5s --start-period=20s CMD ["node", "scripts/health.mjs", "127.0.0.1:50051"]
ENTRYPOINT ["node", "bin/skua.cjs"]
CMD ["serve", "--config", "/etc/skua/skua.toml"]
