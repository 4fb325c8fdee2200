// A result as bytes: docs/wire.md, "KV".
#include "control/cluster/kv/wire.h"

enum { RESULT_VERSION = 1 };

static void item_write(struct kv_out *out, const struct kv_item *item)
{
	out_key(out, item->key);
	out_value(out, item->value);
	out_u64(out, item->create_revision);
	out_u64(out, item->mod_revision);
	out_u64(out, item->version);
}

static void item_read(struct kv_in *in, struct kv_item *item)
{
	*item = (struct kv_item){.key = in_key(in)};
	item->value = in_value(in);
	item->create_revision = in_u64(in);
	item->mod_revision = in_u64(in);
	item->version = in_u64(in);
	in->bad |= item->key.size == 0 || item->key.size > KV_KEY_MAX ||
		   item->value.size > KV_VALUE_MAX;
}

static void op_write(
	struct kv_out *out, const struct kv_result *result, const struct kv_op_result *op)
{
	out_u8(out, op->kind);
	switch (op->kind) {
	case KV_GET:
		out_u8(out, op->more);
		out_u16(out, op->items);
		for (uint32_t i = 0; i < op->items; i++)
			item_write(out, &result->item[op->first + i]);
		break;
	case KV_PUT:
		out_u64(out, op->version);
		break;
	case KV_DELETE:
		out_u8(out, op->more);
		out_u64(out, op->deleted);
		break;
	case KV_LIMITS:
		break;
	}
}

static void items_read(struct kv_in *in, struct kv_result *result, struct kv_op_result *op)
{
	op->more = in_bool(in);
	op->items = in_u16(in);
	op->first = result->items;
	if (op->items > KV_ITEMS_MAX - result->items) {
		in->bad = true;
		return;
	}
	for (uint32_t i = 0; i < op->items && !in->bad; i++)
		item_read(in, &result->item[result->items++]);
}

static void op_read(struct kv_in *in, struct kv_result *result, struct kv_op_result *op)
{
	uint8_t kind = in_u8(in);

	*op = (struct kv_op_result){.kind = kind};
	switch (kind) {
	case KV_GET:
		items_read(in, result, op);
		break;
	case KV_PUT:
		op->version = in_u64(in);
		break;
	case KV_DELETE:
		op->more = in_bool(in);
		op->deleted = in_u64(in);
		break;
	case KV_LIMITS:
		break;
	default:
		in->bad = true;
	}
}

size_t kv_result_encode(const struct kv_result *result, uint8_t *bytes, size_t room)
{
	struct kv_out out = {bytes, room < KV_ENCODED_MAX ? room : KV_ENCODED_MAX, false};

	out_u8(&out, RESULT_VERSION);
	out_u8(&out, result->status);
	out_u8(&out, result->held);
	out_u64(&out, result->revision);
	out_u8(&out, result->ops);
	for (uint32_t i = 0; i < result->ops; i++)
		op_write(&out, result, &result->op[i]);
	return out.full ? 0 : (size_t)(out.at - bytes);
}

static bool result_read(struct kv_in *in, struct kv_result *result)
{
	uint8_t status = in_u8(in);

	result->status = status;
	result->held = in_bool(in);
	result->revision = in_u64(in);
	result->ops = in_u8(in);
	result->items = 0;
	if (status >= KV_STATUS_COUNT || result->ops > KV_OPS_MAX)
		return false;
	for (uint32_t i = 0; i < result->ops && !in->bad; i++)
		op_read(in, result, &result->op[i]);
	return !in->bad && in->left == 0;
}

enum kv_status kv_result_parse(struct kv_result *result, const uint8_t *bytes, size_t size)
{
	struct kv_in in = {bytes, size, false};
	uint8_t version = in_u8(&in);

	if (version == RESULT_VERSION && size <= KV_ENCODED_MAX && result_read(&in, result))
		return KV_OK;
	result->ops = result->items = 0;
	return version > RESULT_VERSION ? KV_TOO_NEW : KV_MALFORMED;
}
