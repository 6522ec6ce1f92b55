import type { ExecutionContext } from '@nestjs/common';
import { createParamDecorator, NotFoundException } from '@nestjs/common';
import { TENANTS } from 'express-cities/dist/tenants.js';
import type { Tenant } from 'express-cities/dist/tenants.js';

export type { Tenant };

/**
 * For whom a request or a message is: its header `x-tenant`, or its field `tenant`; else the world.
 *
 * @throws {NotFoundException} when there is no such tenant
 */
export function tenantOf(context: ExecutionContext): Tenant {
  const name = claimedTenant(context) ?? 'world';
  const tenant = TENANTS.find((candidate) => candidate.name === name);
  if (tenant) return tenant;
  throw new NotFoundException(`unknown tenant ${JSON.stringify(name)}`);
}

function claimedTenant(context: ExecutionContext): string | undefined {
  if (context.getType() === 'rpc') {
    return context.switchToRpc().getData<{ tenant?: string }>().tenant;
  }
  const { headers } = context
    .switchToHttp()
    .getRequest<{ headers: Record<string, string | undefined> }>();
  return headers['x-tenant'];
}

/** A parameter of a handler: the tenant. */
export const ForTenant = createParamDecorator((_data: unknown, context: ExecutionContext) =>
  tenantOf(context),
);
