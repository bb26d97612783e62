/** Who acts, for the audit log and for tenancy: every use case of a tenant takes one. */
export interface Actor {
  tenantId: string
  type: 'api_key' | 'member' | 'operator' | 'system'
  id: string
  ip?: string
  requestId?: string
}
