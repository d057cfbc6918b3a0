//! Protobuf on the wire, field by field: what lies beneath the structures.

const START_GROUP: usize = 3;
const END_GROUP: usize = 4;

/// Groups in each other, as far as prost follows them.
const GROUPS_DEPTH_MAX: usize = 64;

/// One field as it stands on the wire.
pub(super) struct Raw<'a> {
    pub(super) tag: u32,
    /// Key and value.
    pub(super) whole: &'a [u8],
    /// What it holds, if it has a length of its own: a text, a message or a run of numbers.
    pub(super) content: Option<&'a [u8]>,
}

/// The fields of one message in their order.
pub(super) struct Fields<'a>(pub(super) &'a [u8]);

impl<'a> Iterator for Fields<'a> {
    type Item = Result<Raw<'a>, &'static str>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let field = self.read();
        if field.is_err() {
            self.0 = &[];
        }
        Some(field)
    }
}

impl<'a> Fields<'a> {
    fn read(&mut self) -> Result<Raw<'a>, &'static str> {
        let whole = self.0;
        let (tag, wire_type) = self.key()?;
        let content = self.value(wire_type)?;
        // Groups are no part of OTLP, but they may be there as any unknown field may.
        let mut open: Vec<u32> = (wire_type == START_GROUP).then_some(tag).into_iter().collect();
        while let Some(last) = open.last() {
            match self.key()? {
                (tag, END_GROUP) if tag == *last => drop(open.pop()),
                (tag, START_GROUP) if open.len() < GROUPS_DEPTH_MAX => open.push(tag),
                (_, wire_type) if wire_type != START_GROUP => drop(self.value(wire_type)?),
                _ => return Err("groups in groups without end"),
            }
        }
        Ok(Raw { tag, whole: &whole[..whole.len() - self.0.len()], content })
    }

    fn key(&mut self) -> Result<(u32, usize), &'static str> {
        let key = self.varint()?;
        let tag = u32::try_from(key >> 3).map_err(|_| "a field whose number is too large")?;
        Ok((tag, key & 7))
    }

    fn value(&mut self, wire_type: usize) -> Result<Option<&'a [u8]>, &'static str> {
        match wire_type {
            0 => drop(self.varint()?),
            1 => drop(self.take(8)?),
            2 => {
                let length = self.varint()?;
                return self.take(length).map(Some);
            }
            5 => drop(self.take(4)?),
            START_GROUP => {}
            _ => return Err("what is no field"),
        }
        Ok(None)
    }

    fn varint(&mut self) -> Result<usize, &'static str> {
        prost::decode_length_delimiter(&mut self.0).map_err(|_| "a number that does not end")
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], &'static str> {
        let (field, rest) = self.0.split_at_checked(length).ok_or("a field that is longer than the rest")?;
        self.0 = rest;
        Ok(field)
    }
}

pub(super) fn put_bytes(tag: u32, inner: &[u8], bytes: &mut Vec<u8>) {
    put_key(tag, 2, bytes);
    varint(inner.len() as u64, bytes);
    bytes.extend_from_slice(inner);
}

pub(super) fn put_varint(tag: u32, number: u64, bytes: &mut Vec<u8>) {
    put_key(tag, 0, bytes);
    varint(number, bytes);
}

pub(super) fn put_fixed32(tag: u32, bits: u32, bytes: &mut Vec<u8>) {
    put_key(tag, 5, bytes);
    bytes.extend_from_slice(&bits.to_le_bytes());
}

pub(super) fn put_fixed64(tag: u32, bits: u64, bytes: &mut Vec<u8>) {
    put_key(tag, 1, bytes);
    bytes.extend_from_slice(&bits.to_le_bytes());
}

fn put_key(tag: u32, wire_type: u32, bytes: &mut Vec<u8>) {
    varint(u64::from(tag << 3 | wire_type), bytes);
}

fn varint(mut number: u64, bytes: &mut Vec<u8>) {
    while number >= 0x80 {
        bytes.push(number.to_le_bytes()[0] | 0x80);
        number >>= 7;
    }
    bytes.push(number.to_le_bytes()[0]);
}
