// A request as bytes: docs/wire.md, "KV".
#include "control/cluster/kv/check.h"
#include "control/cluster/kv/wire.h"

enum { REQUEST_VERSION = 1 };

static void range_write(struct kv_out *out, const struct kv_range *range)
{
	out_u8(out, range->reach);
	out_key(out, range->key);
	if (range->reach == KV_RANGE)
		out_key(out, range->end);
}

static void range_read(struct kv_in *in, struct kv_range *range)
{
	*range = (struct kv_range){.reach = in_u8(in)};
	range->key = in_key(in);
	if (range->reach == KV_RANGE)
		range->end = in_key(in);
}

static void compare_write(struct kv_out *out, const struct kv_compare *compare)
{
	out_u8(out, compare->target);
	out_u8(out, compare->relation);
	out_key(out, compare->key);
	if (compare->target == KV_VALUE)
		out_value(out, compare->value);
	else
		out_u64(out, compare->number);
}

static void compare_read(struct kv_in *in, struct kv_compare *compare)
{
	*compare = (struct kv_compare){.target = in_u8(in)};
	compare->relation = in_u8(in);
	compare->key = in_key(in);
	if (compare->target == KV_VALUE)
		compare->value = in_value(in);
	else
		compare->number = in_u64(in);
}

static void op_write(struct kv_out *out, const struct kv_op *op)
{
	out_u8(out, op->kind);
	switch (op->kind) {
	case KV_GET:
		range_write(out, &op->range);
		out_key(out, op->after);
		out_u32(out, op->limit);
		break;
	case KV_PUT:
		out_key(out, op->range.key);
		out_value(out, op->value);
		break;
	case KV_DELETE:
		range_write(out, &op->range);
		out_u32(out, op->limit);
		break;
	case KV_LIMITS:
		out_u32(out, op->value_max);
		out_u64(out, op->quota);
		break;
	}
}

static void op_read(struct kv_in *in, struct kv_op *op)
{
	*op = (struct kv_op){.kind = in_u8(in)};
	switch (op->kind) {
	case KV_GET:
		range_read(in, &op->range);
		op->after = in_key(in);
		op->limit = in_u32(in);
		break;
	case KV_PUT:
		op->range = (struct kv_range){.reach = KV_KEY, .key = in_key(in)};
		op->value = in_value(in);
		break;
	case KV_DELETE:
		range_read(in, &op->range);
		op->limit = in_u32(in);
		break;
	case KV_LIMITS:
		op->value_max = in_u32(in);
		op->quota = in_u64(in);
		break;
	}
}

size_t kv_request_encode(const struct kv_request *request, uint8_t *bytes, size_t room)
{
	struct kv_out out = {bytes, room < KV_REQUEST_MAX ? room : KV_REQUEST_MAX, false};

	if (!request_valid(request))
		return 0;
	out_u8(&out, REQUEST_VERSION);
	out_u64(&out, request->origin);
	out_u64(&out, request->boot);
	out_u64(&out, request->sequence);
	out_u8(&out, request->compares);
	out_u8(&out, request->thens);
	out_u8(&out, request->elses);
	for (uint32_t i = 0; i < request->compares; i++)
		compare_write(&out, &request->compare[i]);
	for (uint32_t i = 0; i < request->thens + request->elses; i++)
		op_write(&out, &request->op[i]);
	return out.full ? 0 : (size_t)(out.at - bytes);
}

static bool request_read(struct kv_in *in, struct kv_request *request)
{
	request->origin = in_u64(in);
	request->boot = in_u64(in);
	request->sequence = in_u64(in);
	request->compares = in_u8(in);
	request->thens = in_u8(in);
	request->elses = in_u8(in);
	if (request->compares > KV_COMPARES_MAX || request->thens + request->elses > KV_OPS_MAX)
		return false;
	for (uint32_t i = 0; i < request->compares && !in->bad; i++)
		compare_read(in, &request->compare[i]);
	for (uint32_t i = 0; i < request->thens + request->elses && !in->bad; i++)
		op_read(in, &request->op[i]);
	return !in->bad && in->left == 0 && request_valid(request);
}

enum kv_status kv_request_parse(struct kv_request *request, const uint8_t *bytes, size_t size)
{
	struct kv_in in = {bytes, size, false};
	uint8_t version = in_u8(&in);
	enum kv_status status = version > REQUEST_VERSION ? KV_TOO_NEW : KV_MALFORMED;

	if (version == REQUEST_VERSION && size <= KV_REQUEST_MAX && request_read(&in, request))
		return KV_OK;
	request->origin = request->boot = request->sequence = 0;
	request->compares = request->thens = request->elses = 0;
	return status;
}
