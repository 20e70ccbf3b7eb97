/** The configuration: a TOML file with a strict schema, and overrides from the environment. */
export { isLoopback } from './contradictions.js';
export { configReference, describeConfig, type KeyDocumentation } from './document.js';
export { ConfigError, type ConfigProblem } from './error.js';
export { type LoadOptions, loadConfig } from './load.js';
export { changedKeys } from './reload.js';
export type {
  AuthConfig,
  CatalogConfig,
  Config,
  EngineConfig,
  LoggingConfig,
} from './schema.js';
export { ALGORITHMS } from './sections/data.js';
export { type StoreAccess, storeAccessOf } from './store-access.js';
export { type UnsafeSetting, unsafeSettings } from './unsafe.js';
