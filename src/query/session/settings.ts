/** SET and SHOW of settings. Few can be set: those that choose names. Others may be set to what they are. */
import { SkuaError } from '../../errors.js';
import type { StatementContext } from '../environment.js';
import { Cursor } from '../syntax/cursor.js';
import type { SetStatement } from '../syntax/setting.js';
import { CHOSEN_SETTINGS, chooseSetting } from './chosen-settings.js';
import { checkEngineSetting, ENGINE_SETTING, isEngineSetting } from './engine-settings.js';
import { timeZoneNamed } from './named-time-zone.js';
import { type Setting, settingNamed, settingsOf } from './session-values.js';
import { TIME_ZONE } from './time-zone.js';
import { use } from './use.js';

/** The setting of that name. UNIMPLEMENTED where there is none. */
export function settingOf(context: StatementContext, written: string): Setting {
  const settings = settingsOf(context);
  const found = settings.find(({ name }) => name === settingNamed(written));
  if (found) return found;
  const name = settingNamed(written);
  if (isEngineSetting(name)) return { name, value: undefined, description: ENGINE_SETTING };
  const known = settings.map(({ name }) => name).join(', ');
  throw new SkuaError('UNIMPLEMENTED', `There is no setting "${written}"; there are ${known}`);
}

/** Changes the session's names, or agrees to what is so in any case. Any other value: UNIMPLEMENTED. */
export async function set(context: StatementContext, { name, values }: SetStatement): Promise<void> {
  const setting = settingOf(context, name);
  const [value, ...more] = values;
  if (Object.hasOwn(CHOSEN_SETTINGS, setting.name)) {
    if (more.length > 0) throw new SkuaError('INVALID_ARGUMENT', `${setting.name} is one value`);
    const chosen = setting.name === TIME_ZONE && value !== undefined ? await timeZoneNamed(context, value) : value;
    return chooseSetting(context, setting.name, chosen);
  }
  if (isEngineSetting(setting.name)) {
    if (more.length > 0) throw new SkuaError('INVALID_ARGUMENT', `${setting.name} is one value`);
    if (value !== undefined) checkEngineSetting(setting.name, value);
    return chooseSetting(context, setting.name, value);
  }
  switch (setting.name) {
    case 'catalog':
    case 'schema':
    case 'search_path': {
      if (value === undefined || more.length > 0) {
        throw new SkuaError('UNIMPLEMENTED', `${setting.name} is one name; write SET ${setting.name} = name`);
      }
      const what = setting.name === 'catalog' ? 'catalog' : 'schema';
      return use(context, { kind: 'use', path: pathIn(value), what });
    }
    default:
      if (values.length > 1 || (value !== undefined && !isSame(setting, value))) {
        throw new SkuaError('UNIMPLEMENTED', `${setting.name} is always ${setting.value}`);
      }
  }
}

/** A transaction reads one snapshot of each table, which is more than the weaker levels ask for. */
const KEPT_LEVELS = new Set(['read uncommitted', 'read committed', 'repeatable read', 'snapshot']);

/** What else is so where a setting has its value: without warnings it makes no difference what becomes of them, rows without ORDER BY have no order. */
const SAME: Record<string, ReadonlySet<string>> = {
  warnings_as_errors: new Set(['true', 'false', 'on', 'off', '1', '0']),
  preserve_insertion_order: new Set(['false', 'off', '0']),
};

function isSame(setting: Setting, value: string): boolean {
  const folded = value.toLowerCase();
  if (setting.name === 'transaction_isolation') return KEPT_LEVELS.has(folded);
  if (Object.hasOwn(SAME, setting.name)) return SAME[setting.name]?.has(folded) ?? false;
  if (setting.name === 'client_encoding') return folded.replaceAll('-', '') === 'utf8' || folded === 'unicode';
  return folded === setting.value?.toLowerCase();
}

/** The names of a path that is written as a text or as itself. */
function pathIn(value: string): string[] {
  const cursor = new Cursor(value);
  const path = cursor.path('a name');
  cursor.expectEnd();
  return path;
}
