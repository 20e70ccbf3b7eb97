/**
 * Keeps the AWS SDK from writing about the Node versions that its future releases need: it is for whoever updates the SDK, and would stand
 * in every server's log. By the SDK's own switch, and before its first client is made.
 */
export function silenceNodeNotice(): void {
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
}
