import type { IncomingMessage } from 'node:http';
import { HttpError } from './http-error.js';

export interface Tenant {
  name: string;
  title: string;
  /** The continent whose cities this tenant may see, in two letters; null sees all of them. */
  continent: string | null;
}

const WORLD: Tenant = { name: 'world', title: 'World', continent: null };

export const TENANTS: readonly Tenant[] = [
  WORLD,
  { name: 'europe', title: 'Europe', continent: 'EU' },
  { name: 'asia', title: 'Asia', continent: 'AS' },
];

/**
 * Whose data a request may see: the header `X-Tenant: europe`, else the host name
 * `europe.localhost`, else the whole world.
 *
 * @throws {HttpError} 404 when the header or the host names a tenant that there is not
 */
export function tenantOf(req: IncomingMessage): Tenant {
  const name = claimedTenant(req);
  const tenant = TENANTS.find((candidate) => candidate.name === name);
  if (tenant) return tenant;
  const known = TENANTS.map((candidate) => candidate.name).join(', ');
  throw new HttpError(404, `unknown tenant ${JSON.stringify(name)}; there are: ${known}`);
}

/** The name that a request gives, known or not. */
export function claimedTenant(req: IncomingMessage): string {
  return req.headers['x-tenant']?.toString() ?? subdomain(req.headers.host) ?? WORLD.name;
}

/** Browsers and curl resolve every name under `localhost` to this machine. */
function subdomain(host: string | undefined): string | undefined {
  return /^([^.:]+)\.localhost(:\d+)?$/.exec(host ?? '')?.[1];
}

/** The version number of each tenant's cached answers. A new number, and the old ones are gone. */
export class TenantVersions {
  readonly #versions = new Map<string, number>();

  of(tenant: Tenant): number {
    return this.#versions.get(tenant.name) ?? 1;
  }

  bump(tenant: Tenant): number {
    const next = this.of(tenant) + 1;
    this.#versions.set(tenant.name, next);
    return next;
  }
}
