/** How one server speaks to another in the name of a caller. */

/** The header of calls that a server passes on, which are not to be passed on again. */
export const RELAYED = 'skua-relayed';

/** The action by which servers ask one another for what they show in `system.runtime`: a question in, its entries out, as JSON. */
export const SYSTEM_ACTION = 'skua.System';
