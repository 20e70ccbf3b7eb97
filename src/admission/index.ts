/** The one place that every call passes, whatever protocol it came by: token, session, limits, drain, deadline and cancel, the log line. */
export {
  Admission,
  type AdmissionLimits,
  type AdmissionOptions,
  type BackgroundCall,
  type CallRecord,
  type Entrance,
  type Logger,
} from './admission.js';
export { type Failure, failureOf } from './failure.js';
export { RunningCall } from './running-call.js';
