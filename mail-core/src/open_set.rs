//! `open_set!`: the sets of a protocol that others may extend: verbs, keywords, parameters, codes.
//!
//! One table makes the enum, the keyword of each member, the dispatch in both directions and the list
//! that tests walk. A new member is one line. What no member knows is kept by the type behind `else`,
//! which refuses the known keywords, so one wire value has one representation.

/// Makes an open set. For the protocol crates, which have a `lex` module with `Input` and `PResult`.
///
/// A member with a payload reads and writes what stands behind its keyword, separators included,
/// through two functions of the payload's type: `grammar(Input) -> PResult<Self>` and
/// `encode(&self, &mut Vec<u8>)`. The type behind `else` has `keyword(&self) -> &[u8]` and `encode`,
/// which writes all of it.
///
/// Members behind `seldom` are members like the others, but their dispatch is a function of its own, so that
/// what is on everybody's way stays small.
#[macro_export]
#[allow(clippy::crate_in_macro_def, reason = "the protocol crate's own cursor is meant")]
macro_rules! open_set {
    (
        $(#[$set:meta])*
        pub enum $name:ident {
            $( $(#[$member:meta])* $keyword:literal => $variant:ident $( ( $payload:ty ) )? ),* $(,)?
        }
        $( seldom {
            $( $(#[$seldom:meta])* $rare:literal => $of_rare:ident $( ( $with:ty ) )? ),* $(,)?
        } )?
        $(#[$rest:meta])*
        else $other:ident ( $unknown:ty )
    ) => {
        $(#[$set])*
        #[non_exhaustive]
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        pub enum $name {
            $( $(#[$member])* #[doc(alias = $keyword)] $variant $( ($payload) )?, )*
            $( $( $(#[$seldom])* #[doc(alias = $rare)] $of_rare $( ($with) )?, )* )?
            $(#[$rest])*
            $other($unknown),
        }

        impl $name {
            /// The keywords that have a member of their own, in the RFCs' spelling.
            pub const KEYWORDS: &'static [&'static str] = &[$($keyword,)* $( $($rare,)* )?];

            /// The keyword: the RFC's spelling for a known one, as received for another.
            pub fn keyword(&self) -> &[u8] {
                match self {
                    $( $crate::open_set!(@pattern $variant $(, $payload)?) => $keyword.as_bytes(), )*
                    $( $( $crate::open_set!(@pattern $of_rare $(, $with)?) => $rare.as_bytes(), )* )?
                    $name::$other(other) => other.keyword(),
                }
            }

            /// Is this its keyword? Without case; goes on working when `Other` becomes a member.
            pub fn is(&self, keyword: &str) -> bool {
                self.keyword().eq_ignore_ascii_case(keyword.as_bytes())
            }

            /// Has this keyword a member of its own?
            pub(crate) fn knows(keyword: &[u8]) -> bool {
                Self::KEYWORDS.iter().any(|known| keyword.eq_ignore_ascii_case(known.as_bytes()))
            }

            /// The member of this keyword, read from what stands behind it, is given to `place`; `None` for an
            /// unknown keyword. Each member is made where it goes: moved as a whole, it would cost more than
            /// reading it.
            #[inline(always)]
            #[allow(non_upper_case_globals, reason = "keys, named as the members")]
            pub(crate) fn dispatch<'a, R>(
                keyword: &[u8],
                behind: crate::lex::Input<'a>,
                place: impl FnOnce(Self) -> R,
            ) -> Option<crate::lex::PResult<'a, R>> {
                $crate::open_set!(@keys $( $variant $keyword )*);
                let key = $crate::implement::grammar::key(keyword);
                match key {
                    $(
                        $variant if $crate::implement::grammar::is_word(keyword, $keyword.as_bytes()) => {
                            Some($crate::open_set!(@read place $name $variant behind $(, $payload)?))
                        }
                    )*
                    _ => $crate::open_set!(@seldom key keyword behind place $( $($rare)* )?),
                }
            }

            /// As `dispatch`, for a keyword of `ALPHA / DIGIT / "-"` at the front of what is left. `note` is told
            /// before which member of the table it is, by its place, and may refuse it.
            #[inline(always)]
            #[allow(dead_code, reason = "another set has its keyword from elsewhere")]
            pub(crate) fn dispatch_front<'a, R>(
                i: crate::lex::Input<'a>,
                note: impl FnOnce(u32) -> crate::lex::PResult<'a, ()>,
                place: impl FnOnce(Self) -> R,
            ) -> Option<crate::lex::PResult<'a, R>> {
                enum Place { $($variant),* }
                $(
                    if let Some(behind) =
                        $crate::implement::grammar::strip_word(i.rest(), $keyword.as_bytes())
                    {
                        if behind.first().is_none_or(|octet| !octet.is_ascii_alphanumeric() && *octet != b'-') {
                            if let Err(e) = note(Place::$variant as u32) {
                                return Some(Err(e));
                            }
                            let behind = i.with_rest(behind);
                            return Some($crate::open_set!(@read place $name $variant behind $(, $payload)?));
                        }
                    }
                )*
                None
            }

            $(
                /// As `dispatch`, for the members that are seldom met.
                #[inline(never)]
                #[allow(non_upper_case_globals, reason = "keys, named as the members")]
                fn dispatch_seldom<'a, R>(
                    key: u64,
                    keyword: &[u8],
                    behind: crate::lex::Input<'a>,
                    place: impl FnOnce(Self) -> R,
                ) -> Option<crate::lex::PResult<'a, R>> {
                    $crate::open_set!(@keys $( $of_rare $rare )*);
                    match key {
                        $(
                            $of_rare if $crate::implement::grammar::is_word(keyword, $rare.as_bytes()) => {
                                Some($crate::open_set!(@read place $name $of_rare behind $(, $with)?))
                            }
                        )*
                        _ => None,
                    }
                }
            )?

            /// Appends a blank and the wire form.
            #[allow(dead_code, reason = "another set has its members on lines of their own")]
            pub(crate) fn encode_behind_blank(&self, out: &mut ::alloc::vec::Vec<u8>) {
                match self {
                    $( $crate::open_set!(@bind payload $variant $(, $payload)?) => {
                        out.extend_from_slice(concat!(" ", $keyword).as_bytes());
                        $crate::open_set!(@write payload out $(, $payload)?);
                    } )*
                    other => {
                        out.push(b' ');
                        other.encode(out);
                    }
                }
            }

            /// Appends the wire form.
            pub(crate) fn encode(&self, out: &mut ::alloc::vec::Vec<u8>) {
                match self {
                    $( $crate::open_set!(@bind payload $variant $(, $payload)?) => {
                        out.extend_from_slice($keyword.as_bytes());
                        $crate::open_set!(@write payload out $(, $payload)?);
                    } )*
                    $( $( $crate::open_set!(@bind payload $of_rare $(, $with)?) => {
                        out.extend_from_slice($rare.as_bytes());
                        $crate::open_set!(@write payload out $(, $with)?);
                    } )* )?
                    $name::$other(other) => other.encode(out),
                }
            }
        }
    };
    // What the keywords are found by, named as the members.
    (@keys $( $member:ident $keyword:literal )*) => {
        $(
            const $member: u64 = $crate::implement::grammar::key_of($keyword);
        )*
    };
    (@seldom $key:ident $keyword:ident $behind:ident $place:ident) => {
        None
    };
    (@seldom $key:ident $keyword:ident $behind:ident $place:ident $($rare:literal)+) => {
        Self::dispatch_seldom($key, $keyword, $behind, $place)
    };
    (@pattern $variant:ident) => { Self::$variant };
    (@pattern $variant:ident, $payload:ty) => { Self::$variant(..) };
    (@bind $bound:ident $variant:ident) => { Self::$variant };
    (@bind $bound:ident $variant:ident, $payload:ty) => { Self::$variant($bound) };
    (@read $place:ident $name:ident $variant:ident $behind:ident) => {
        Ok(($behind, $place($name::$variant)))
    };
    (@read $place:ident $name:ident $variant:ident $behind:ident, $payload:ty) => {
        match <$payload>::grammar($behind) {
            Ok((rest, payload)) => Ok((rest, $place($name::$variant(payload)))),
            Err(e) => Err(e),
        }
    };
    (@write $bound:ident $out:ident) => {};
    (@write $bound:ident $out:ident, $payload:ty) => { $bound.encode($out) };
}
