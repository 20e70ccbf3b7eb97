import { SkuaError } from '../../../errors.js';

/** A failure over copies that were made of files. They are forgotten: what runs again reads the files themselves. */
export class UnreadableCopies extends SkuaError {
  constructor(cause: SkuaError) {
    super(cause.code, cause.message, { cause });
  }
}

/** Files that the engine could not read. Their local copies are forgotten: what runs again has them fetched anew. */
export class DamagedFiles extends SkuaError {
  constructor(
    files: readonly { location: string; reason: string }[],
    /** Whether the damage may have been done on the way from a store. */
    readonly cameFromStore: boolean,
    cause: unknown,
  ) {
    const [first, ...others] = files;
    const more = others.length === 0 ? '' : `, and so are ${others.length} other files of the statement`;
    super('DATA_LOSS', `'${first?.location}' is damaged${more}: ${first?.reason}`, { cause });
  }
}
