"""Picture blocks: made, and read back in every accepted form."""

from __future__ import annotations

import base64
import io

import pytest
from langchain_core.messages import HumanMessage
from PIL import Image

from visual_agent import images
from visual_agent.blocks import name_of, pixels_of
from visual_agent.chat_models import ChatQwenVL
from visual_agent.engines.base import Image as ImagePart
from visual_agent.engines.scripted import ScriptedEngine
from visual_agent.errors import ContentError, ImageNotFound, ImageRefused, ImageUnreadable
from visual_agent.images import Ledger
from visual_agent.loading import LoadPolicy
from visual_agent.messages import image_block, to_turns

TOOLS = [{"type": "function", "function": {"name": "read_text", "description": "Reads.", "parameters": {}}}]


def picture(colour="red", size=(8, 6)):
    return Image.new("RGB", size, colour)


def png(colour="red", size=(8, 6)):
    out = io.BytesIO()
    picture(colour, size).save(out, "PNG")
    return out.getvalue()


DATA = base64.b64encode(png()).decode()
URI = f"data:image/png;base64,{DATA}"
HASH = images.Pixels(picture()).hash

FORMS = {
    "v1 base64": {"type": "image", "base64": DATA, "mime_type": "image/png"},
    "v1 base64 without type": {"type": "image", "base64": DATA},
    "v1 data url": {"type": "image", "url": URI},
    "openai": {"type": "image_url", "image_url": {"url": URI}},
    "openai with detail": {"type": "image_url", "image_url": {"url": URI, "detail": "high"}},
    "openai bare string": {"type": "image_url", "image_url": URI},
    "openai responses": {"type": "input_image", "image_url": URI},
    "anthropic base64": {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": DATA}},
    "anthropic url": {"type": "image", "source": {"type": "url", "url": URI}},
    "v0 base64": {"type": "image", "source_type": "base64", "data": DATA, "mime_type": "image/png"},
    "v0 url": {"type": "image", "source_type": "url", "url": URI},
    "data uri where base64 should be": {"type": "image", "base64": URI},
    "base64 with line ends": {"type": "image", "base64": "\n".join(DATA[i : i + 20] for i in range(0, len(DATA), 20))},
}

REFUSED = {
    "nothing in it": {"type": "image"},
    "path key": {"type": "image", "path": "/etc/passwd"},
    "image key": {"type": "image", "image": DATA},
    "empty base64": {"type": "image", "base64": "", "mime_type": "image/png"},
    "bytes": {"type": "image", "base64": png()},
    "url is no text": {"type": "image_url", "image_url": {"url": 3}},
    "no url": {"type": "image_url", "image_url": {}},
    "unknown source": {"type": "image", "source": {"type": "bucket", "key": "x"}},
    "unknown source_type": {"type": "image", "source_type": "bucket", "data": DATA},
}


@pytest.mark.parametrize("block", FORMS.values(), ids=FORMS)
def test_accepted_forms(block):
    [pixels] = pixels_of(block)
    assert pixels.hash == HASH


@pytest.mark.parametrize("block", REFUSED.values(), ids=REFUSED)
def test_other_forms_say_what_to_do(block):
    with pytest.raises(ContentError, match="image_block"):
        to_turns([HumanMessage([block])])


@pytest.mark.parametrize("name", [*FORMS, *REFUSED])
@pytest.mark.parametrize("way", ["invoke", "stream"])
def test_the_whole_way_through_langchain(name, way):
    model = ChatQwenVL(engine=ScriptedEngine(["ok"]))
    message = HumanMessage([{**FORMS, **REFUSED}[name]])
    if name in REFUSED:
        with pytest.raises(ContentError, match="image_block"):
            list(model.stream([message])) if way == "stream" else model.invoke([message])
    else:
        list(model.stream([message])) if way == "stream" else model.invoke([message])
        assert model.engine.history[0].turns[0].parts[1].pixels.hash == HASH


def test_file_id_finds_what_a_ledger_holds():
    ledger = Ledger([picture("blue")])
    file_id = ledger.get("img1").file_id
    for block in (
        {"type": "image", "file_id": file_id},
        {"type": "image", "source": {"type": "file", "file_id": file_id}},
        {"type": "image", "source_type": "id", "id": file_id},
    ):
        assert pixels_of(block) == [ledger.get("img1").pixels]
    with pytest.raises(ImageNotFound, match="img_nothing"):
        pixels_of({"type": "image", "file_id": "img_nothing"})


def test_urls_are_fetched_by_the_policy(monkeypatch):
    seen = []
    monkeypatch.setattr("visual_agent.fetching.fetch", lambda url, policy, **_: seen.append((url, policy)) or png())
    policy = LoadPolicy(allowed_hosts=("example.org",))
    [pixels] = pixels_of({"type": "image", "url": "https://example.org/a.png"}, policy)
    assert pixels.hash == HASH
    assert seen == [("https://example.org/a.png", policy)]


def test_messages_name_no_files_unless_the_policy_allows_it(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(png())
    block = {"type": "image_url", "image_url": {"url": str(path)}}
    with pytest.raises(ImageRefused):
        to_turns([HumanMessage([block])])
    assert pixels_of(block, LoadPolicy())[0].hash == HASH
    assert pixels_of(block, LoadPolicy(folders=(tmp_path,)))[0].hash == HASH
    with pytest.raises(ImageRefused):
        pixels_of({"type": "image", "url": "https://localhost/a.png"})


def test_broken_pictures_are_errors():
    with pytest.raises(ImageUnreadable):
        pixels_of({"type": "image", "base64": base64.b64encode(png()[:-30] * 2).decode()[:60]})


def test_documents_show_their_pages():
    out = io.BytesIO()
    picture("white", (50, 40)).save(out, "PDF", save_all=True, append_images=[picture("gray", (50, 40))])
    data = base64.b64encode(out.getvalue()).decode()
    for block in (
        {"type": "file", "base64": data, "mime_type": "application/pdf"},
        {"type": "file", "file": {"filename": "a.pdf", "file_data": f"data:application/pdf;base64,{data}"}},
        {"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": data}},
    ):
        [turn] = to_turns([HumanMessage([block, {"type": "text", "text": "What?"}])])
        assert turn.text == "Picture 1: \nPicture 2: \nWhat?"
        assert len([part for part in turn.parts if isinstance(part, ImagePart)]) == 2


# --- image_block ----------------------------------------------------------------------------------------------------


def test_a_ledger_picture_is_named_not_carried():
    ledger = Ledger([picture()])
    block = image_block(ledger.get("img1"))
    assert block == {
        "type": "image",
        "file_id": ledger.get("img1").file_id,
        "mime_type": "image/png",
        "extras": {"name": "img1"},
    }


def test_a_file_is_carried_byte_for_byte(tmp_path):
    jpeg = io.BytesIO()
    picture().save(jpeg, "JPEG")
    (tmp_path / "a.jpg").write_bytes(jpeg.getvalue())
    for source in (tmp_path / "a.jpg", str(tmp_path / "a.jpg"), jpeg.getvalue()):
        block = image_block(source)
        assert base64.b64decode(block["base64"]) == jpeg.getvalue()
        assert block["mime_type"] == "image/jpeg"


def test_other_sources_become_png(tmp_path):
    bmp = io.BytesIO()
    picture().save(bmp, "BMP")
    import numpy

    for source in (picture(), numpy.asarray(picture()), bmp.getvalue(), URI):
        block = image_block(source, name="img3")
        assert block["mime_type"] == "image/png"
        assert pixels_of(block)[0].hash == HASH
        assert name_of(block) == "img3"


def test_a_url_stays_a_url():
    assert image_block("https://example.org/a.png") == {"type": "image", "url": "https://example.org/a.png"}


def test_image_block_checks_the_picture(tmp_path):
    (tmp_path / "a.png").write_bytes(png()[:40])
    with pytest.raises(ImageUnreadable):
        image_block(tmp_path / "a.png")
