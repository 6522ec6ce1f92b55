/** How long the reply is that begins at a place of a text, in RESP 2; Infinity as long as that cannot be told. */
export function replyLength(text: string, start = 0): number {
  const end = text.indexOf('\r\n', start);
  if (end === -1) return Infinity;
  const afterLine = end + 2;
  const count = Number(text.slice(start + 1, end));
  if (text[start] === '$') return count < 0 ? afterLine : afterLine + count + 2;
  if (text[start] !== '*') return afterLine;
  let at = afterLine;
  for (let i = 0; i < count; i++) {
    at = replyLength(text, at);
    if (at > text.length) return at;
  }
  return at;
}
