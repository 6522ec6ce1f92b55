/** Looks again and again; what comes over a socket comes when it comes. */
export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  for (let looks = 0; looks < 2_000; looks++) {
    if (await isSo()) return;
    await new Promise((resolve) => setTimeout(resolve, looks < 100 ? 1 : 5));
  }
  throw new Error(`never came true: ${String(isSo)}`);
}
