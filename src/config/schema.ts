/** Every key of the configuration. Names here are camel case; the file writes them in snake case. */
import { z } from 'zod';
import { auth, catalog, defaults, storage } from './sections/data.js';
import { engine, limits, otherEngine } from './sections/engines.js';
import { cluster, http, server, tickets } from './sections/listeners.js';
import { audit, lineage, logging, observe, traces } from './sections/records.js';

export const configSchema = z.strictObject({
  server: server.prefault({}),
  http: http.prefault({}),
  auth: z.array(auth).prefault([]),
  catalogs: z.record(z.string(), catalog).prefault({}),
  storage: storage.prefault({}),
  engine: engine.prefault({}),
  engines: z.record(z.string(), otherEngine).prefault({}),
  limits: limits.prefault({}),
  logging: logging.prefault({}),
  observe: observe.prefault({}),
  audit: audit.prefault({}),
  lineage: lineage.prefault({}),
  traces: traces.prefault({}),
  default: defaults.prefault({}),
  tickets: tickets.prefault({}),
  cluster: cluster.prefault({}),
});

/** The whole configuration. Sizes are bytes, durations milliseconds, dotted paths lists of names, paths absolute. */
export type Config = z.output<typeof configSchema>;
export type AuthConfig = Config['auth'][number];
export type CatalogConfig = Config['catalogs'][string];
export type EngineConfig = Config['engines'][string];
export type LoggingConfig = Config['logging'];
