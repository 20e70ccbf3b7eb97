/** Commands that are too long are refused before they are decoded. */
import { SkuaError } from '../../errors.js';
import type { FlightHandler } from '../handler.js';
import type { FlightDescriptor } from '../messages.js';
import { openAny } from './any.js';
import { CommandPreparedStatementQuery, CommandPreparedStatementUpdate, TicketStatementQuery } from './messages.js';

/** What a command may have besides a text: a transaction, options, the message around them. In bytes. */
const BESIDES = 65_536;
/** Tickets and handles hold the text as JSON, in which a character may take six. */
const SEALED = 6;

const HOLD_HANDLES = new Set(
  [TicketStatementQuery, CommandPreparedStatementQuery, CommandPreparedStatementUpdate].map(({ typeName }) => typeName),
);
const HOLD_TEXTS = new Set(['CreatePreparedStatement', 'SetSessionOptions']);

/** The handler behind a check of every command, ticket and action. Longer than a statement may be: INVALID_ARGUMENT. */
export function withinCommandSize(handler: FlightHandler, statementBytes: number): FlightHandler {
  const longest = statementBytes + BESIDES;
  const check = (bytes: Uint8Array, holdsHandle: () => boolean) => {
    if (bytes.byteLength <= longest) return;
    if (bytes.byteLength <= SEALED * longest && holdsHandle()) return;
    throw new SkuaError(
      'INVALID_ARGUMENT',
      `The command has ${bytes.byteLength} bytes; a statement may have ${statementBytes} on this server (limits.statement_size)`,
    );
  };
  const checkAny = (bytes: Uint8Array) => check(bytes, () => HOLD_HANDLES.has(openAny(bytes).typeName));
  const checkDescriptor = ({ cmd }: FlightDescriptor) => checkAny(cmd);
  return {
    ...handler,
    async getFlightInfo(call, descriptor) {
      checkDescriptor(descriptor);
      return handler.getFlightInfo(call, descriptor);
    },
    async pollFlightInfo(call, descriptor) {
      checkDescriptor(descriptor);
      return handler.pollFlightInfo(call, descriptor);
    },
    async getSchema(call, descriptor) {
      checkDescriptor(descriptor);
      return handler.getSchema(call, descriptor);
    },
    async doGet(call, ticket) {
      checkAny(ticket);
      return handler.doGet(call, ticket);
    },
    async doPut(call, stream) {
      checkDescriptor(stream.descriptor);
      return handler.doPut(call, stream);
    },
    async doAction(call, action) {
      check(action.body, () => !HOLD_TEXTS.has(action.type));
      return handler.doAction(call, action);
    },
  };
}
