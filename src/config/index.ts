/** The configuration: a TOML file with a strict schema, and overrides from the environment. */
export { isLoopback } from './contradictions.js';
export { configReference, describeConfig, type KeyDocumentation } from './document.js';
export { ConfigError, type ConfigProblem } from './error.js';
export { type LoadOptions, loadConfig } from './load.js';
export { changedKeys } from './reload.js';
export {
  ALGORITHMS,
  type AuthConfig,
  type CatalogConfig,
  type Config,
  type EngineConfig,
  type LoggingConfig,
} from './schema.js';
export { type StoreAccess, storeAccessOf } from './store-access.js';
export { type UnsafeSetting, unsafeSettings } from './unsafe.js';
