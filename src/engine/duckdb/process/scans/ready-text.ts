import type { ParameterRow, TableScan } from '../../contract.js';
import type { AttachedScans } from './attach.js';

/** A text that is about to run over attached scans. */
export interface ReadyText {
  sql: string;
  parameters?: ParameterRow | undefined;
  scans: readonly TableScan[];
  attached: AttachedScans;
  /** That it runs in; UTC without one. */
  timeZone?: string | undefined;
}
