import streamlit as st
st.set_page_config(page_title="网格", layout="wide", menu_items={"About": "网格 Wangge"})
def a():
    a,b=st.columns([880,406],gap="medium")
    with a:
        with st.container(horizontal=True, key="controls"):
            st.segmented_control("x",["覆盖率","排队","在岗"],default="覆盖率",label_visibility="collapsed")
            st.selectbox("t",["全区","白沙街道"],label_visibility="collapsed", width=160)
        st.metric("覆盖率","83.7%","还差 3,484",delta_color="off",delta_arrow="off")
    with b:
        st.title("侧贤社区第2网格")
        st.html("<p style='color:light-dark(red,green)'>hello</p>")
        st.write(st.context.theme)
def b(): st.write("b")
p=st.navigation([st.Page(a,title="态势总览",default=True),st.Page(b,title="大屏",url_path="wall")],position="top")
p.run()
