"""The Flight SQL protobuf messages, encoded and decoded by hand: field number and wire type, nothing else."""


def varint(value):
    value &= (1 << 64) - 1
    out = bytearray()
    while True:
        low = value & 0x7F
        value >>= 7
        out.append(low | (0x80 if value else 0))
        if not value:
            return bytes(out)


def field(number, value):
    """One field: bytes, text, bool and int by their Python type; a list repeats the field; None leaves it out."""
    if value is None:
        return b""
    if isinstance(value, (list, tuple)):
        return b"".join(field(number, item) for item in value)
    if isinstance(value, (bool, int)):
        return varint(number << 3) + varint(int(value))
    if isinstance(value, str):
        value = value.encode()
    return varint(number << 3 | 2) + varint(len(value)) + value


def message(**fields):
    """`message(_1="text", _3=True)`: fields by their number."""
    return b"".join(field(int(name[1:]), value) for name, value in fields.items())


def packed(name, **fields):
    """A message of `arrow.flight.protocol.sql` inside `google.protobuf.Any`."""
    url = f"type.googleapis.com/arrow.flight.protocol.sql.{name}"
    return message(_1=url, _2=message(**fields))


def parse(data):
    """Fields by number, each a list: ints for varints and fixed values, bytes for the rest."""
    data = bytes(data)
    fields = {}
    position = 0

    def read_varint():
        nonlocal position
        value = shift = 0
        while True:
            byte = data[position]
            position += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if not byte & 0x80:
                return value

    while position < len(data):
        key = read_varint()
        number, wire_type = key >> 3, key & 7
        if wire_type == 0:
            value = read_varint()
        elif wire_type == 2:
            length = read_varint()
            value = data[position : position + length]
            position += length
        elif wire_type in (1, 5):
            length = 8 if wire_type == 1 else 4
            value = int.from_bytes(data[position : position + length], "little")
            position += length
        else:
            raise ValueError(f"wire type {wire_type}")
        fields.setdefault(number, []).append(value)
    return fields


def unpacked(data):
    """The message inside `google.protobuf.Any`: its name without the package, and its fields."""
    fields = parse(data)
    return fields[1][0].decode().rsplit(".", 1)[1], parse(fields.get(2, [b""])[0])


def signed(value):
    """A 64-bit varint as the signed number that it stands for."""
    return value - (1 << 64) if value >= 1 << 63 else value
