export interface DemoOptions {
  help: boolean;
  once: boolean;
  port: number;
  redis?: string | undefined;
}
export const HELP: string;
export class UsageError extends Error {}
export function optionsOrExit(): DemoOptions;
export function readOptions(args: string[], env: Record<string, string | undefined>): DemoOptions;
