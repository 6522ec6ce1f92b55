/** The part of a terminal or a file that progress is written to. */
export interface Output {
  isTTY?: boolean;
  write(text: string): unknown;
}

const BAR_WIDTH = 30;

/**
 * Reports how far something is: one line that redraws itself on a terminal; elsewhere, where
 * nothing can be redrawn, a plain line at each quarter.
 */
export function progress(title: string, output: Output): (done: number, total: number) => void {
  let quartersShown = 0;
  return (done, total) => {
    const share = total === 0 ? 1 : done / total;
    const text = `${title} ${count(done)} of ${count(total)}`;
    if (output.isTTY) {
      output.write(`\r${bar(share)} ${text}${done === total ? '\n' : ''}`);
      return;
    }
    const quarters = Math.floor(share * 4);
    if (quarters > quartersShown) output.write(`${text} (${quarters * 25} %)\n`);
    quartersShown = Math.max(quarters, quartersShown);
  };
}

function bar(share: number): string {
  const filled = Math.round(share * BAR_WIDTH);
  return `[${'#'.repeat(filled)}${'.'.repeat(BAR_WIDTH - filled)}]`;
}

function count(value: number): string {
  return value.toLocaleString('en-US');
}
