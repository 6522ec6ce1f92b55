import { HttpError } from './http-error.js';

export interface Plan {
  readonly name: 'free' | 'paid';
  /** How far an answer may look ahead. */
  readonly years: number;
}

export interface Account {
  readonly name: string;
  readonly plan: Plan;
}

const FREE: Plan = { name: 'free', years: 5 };
const PAID: Plan = { name: 'paid', years: 25 };

/** By their keys. In a real application these are in a table, and are no words. */
const ACCOUNTS = new Map<string, Account>([
  ['ada', { name: 'Ada', plan: PAID }],
  ['bob', { name: 'Bob', plan: PAID }],
  ['eve', { name: 'Eve', plan: FREE }],
]);

/** @throws {HttpError} 401 for a key that nobody has */
export function accountOf(key: string): Account {
  const account = ACCOUNTS.get(key);
  if (account) return account;
  throw new HttpError(401, `X-Api-Key must be one of ${[...ACCOUNTS.keys()].join(', ')}`);
}
